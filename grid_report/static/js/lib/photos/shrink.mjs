const QUALITY = 0.82;
const SMALL_ENOUGH_BYTES = 400 * 1024;

/** Shrink a photo to the long edge the page asks for. On any failure the original comes back. */
export async function shrink(file) {
  try {
    const picture = await decode(file);
    const scale = Math.min(1, Number(document.documentElement.dataset.phoneSide) / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size <= SMALL_ENOUGH_BYTES && file.type === "image/jpeg") return { file, shrunk: false };
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d", { alpha: false });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if (picture.close) picture.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    canvas.width = canvas.height = 0; // gives the memory back at once on iPhones
    if (!blob || blob.size >= file.size) return { file, shrunk: false };
    return { file: new File([blob], "photo.jpg", { type: "image/jpeg", lastModified: file.lastModified }), shrunk: true };
  } catch {
    return { file, shrunk: false }; // HEIC and odd files: the server decodes or refuses them
  }
}

async function decode(file) {
  if (window.createImageBitmap) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      // An older browser knows no options; an <img> turns the picture upright by itself.
    }
  }
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return picture;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Write a size the way people say it. */
export function sizeWords(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Return an address for a preview; freed with the page. */
export function previewUrl(file) {
  return URL.createObjectURL(file);
}
