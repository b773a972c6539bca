// On every page; each part only improves what works without it.
import { forget } from "./lib/forget.mjs";
import { once } from "./lib/forms/once.mjs";
import { lightbox } from "./lib/photos/lightbox.mjs";
import { menus } from "./lib/menus.mjs";
import { outbox } from "./lib/outbox/everywhere.mjs";
import { photoFields } from "./lib/photos/photo-fields.mjs";
import { printing } from "./lib/print.mjs";

outbox(document);
forget(document);
once(document);
menus(document);
lightbox(document);
photoFields(document);
printing(document);

// A refused form says so at once, also to those who do not see the page.
document.querySelector("[data-focus]")?.focus();
