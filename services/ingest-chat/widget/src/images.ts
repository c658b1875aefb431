// Images on their way out: photographs of a telephone are larger than any screen, and the line may be bad.

const LONGEST_SIDE_PX = 2048;
const LEFT_ALONE_BYTES = 1_000_000;
const QUALITY = 0.85;

/** The image in a size that is worth sending, upright, or as it is where the browser cannot do that. */
export async function prepared(file: File): Promise<Blob> {
  if (file.size <= LEFT_ALONE_BYTES || file.type === "image/gif") return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return smaller && smaller.size < file.size ? smaller : file;
  } catch {
    return file;
  }
}

export function imagesIn(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
