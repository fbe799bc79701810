// A button that copies a text and says that it did. Knows nothing about what it copies.

/** `field` is selected where there is no clipboard, as without https. */
export function copyButton(button, text, field = null) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    let words = "Copied";
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      words = field ? "Press Ctrl+C" : "Not copied";
      field?.select();
    }
    button.textContent = words;
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}
