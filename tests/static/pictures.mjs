/** Make the head of a JPEG whose EXIF says when it was taken and where: [degrees, minutes, seconds] twice. */
export function exifJpeg({ at, spot: [north, east] }) {
  const bytes = new Uint8Array(260);
  const view = new DataView(bytes.buffer);
  const text = (where, words) => [...words].forEach((letter, i) => { bytes[where + i] = letter.charCodeAt(0); });
  const entry = (where, tag, type, count, value) => {
    view.setUint16(where, tag);
    view.setUint16(where + 2, type);
    view.setUint32(where + 4, count);
    if (typeof value === "string") text(where + 8, value);
    else view.setUint32(where + 8, value);
  };
  const [ascii, long, rational] = [2, 4, 5];
  text(0, "MM");
  view.setUint16(2, 42);
  view.setUint32(4, 8);
  view.setUint16(8, 2); // two entries: where EXIF and where GPS begin
  entry(10, 0x8769, long, 1, 40);
  entry(22, 0x8825, long, 1, 80);
  view.setUint16(40, 1);
  entry(42, 0x9003, ascii, 20, 58);
  text(58, at);
  view.setUint16(80, 4);
  entry(82, 1, ascii, 2, "N");
  entry(94, 2, rational, 3, 140);
  entry(106, 3, ascii, 2, "E");
  entry(118, 4, rational, 3, 170);
  for (const [where, angle] of [[140, north], [170, east]]) {
    angle.forEach((part, i) => {
      view.setUint32(where + 8 * i, part);
      view.setUint32(where + 8 * i + 4, 1);
    });
  }
  const length = bytes.length + 8;
  const head = [0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255, ...Buffer.from("Exif\0\0")];
  return new Blob([Uint8Array.from([...head, ...bytes, 0xff, 0xda, 0, 2, 0xff, 0xd9])]);
}
