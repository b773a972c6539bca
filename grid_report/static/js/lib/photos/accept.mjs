const IN_APP = /MicroMessenger|QQ\/|DingTalk|AliApp|Weibo|; wv\)/;

/** Return what a file field asks for. Chat apps on Android open nothing for a list; iPhones turn HEIC into JPEG only for one. */
export function acceptOf(agent, listed) {
  return /Android/.test(agent) && IN_APP.test(agent) ? "image/*" : listed;
}
