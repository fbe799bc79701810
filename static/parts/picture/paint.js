// A colour as the browser computes it, in the words that every program for pictures reads. Knows no element.

const found = new Map();
let one = null; // a canvas of one pixel: what it shows is the colour, whichever way it was written

/** @returns {{ paint: string, opacity: number } | null} null where nothing shows */
export function paintOf(colour) {
  if (!found.has(colour)) found.set(colour, read(colour));
  return found.get(colour);
}

function read(colour) {
  if (!colour || colour === "none" || colour === "transparent") return null;
  if (!one) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    one = canvas.getContext("2d", { willReadFrequently: true });
  }
  one.clearRect(0, 0, 1, 1);
  one.fillStyle = "#000";
  one.fillStyle = colour;
  one.fillRect(0, 0, 1, 1);
  return paintOfPixel(one.getImageData(0, 0, 1, 1).data);
}

/** Of red, green, blue and alpha, 0 to 255. */
export function paintOfPixel([red, green, blue, alpha]) {
  if (!alpha) return null;
  const paint = "#" + [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
  return { paint, opacity: Math.round((alpha / 255) * 1000) / 1000 };
}
