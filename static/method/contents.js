// The list of chapters beside the text: the one that is being read is marked.

/** Returns what ends it. */
export function contents(element) {
  const links = [...element.querySelectorAll("a")];
  const heads = links.map((link) => document.getElementById(link.hash.slice(1)));
  const seen = new IntersectionObserver(mark, { rootMargin: "0px 0px -70% 0px" });
  for (const head of heads) seen.observe(head);
  return () => seen.disconnect();

  // The last head that is above the upper third of the window.
  function mark() {
    const line = innerHeight * 0.3;
    const now = heads.findLastIndex((head) => head.getBoundingClientRect().top < line);
    links.forEach((link, i) =>
      i === now ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")
    );
  }
}
