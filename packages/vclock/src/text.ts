const LONE_SURROGATE = /\p{Surrogate}/u;

/** Programmer error for text that has no UTF-8 form, which two different texts would then share. */
export function checkText(text: string): void {
  if (LONE_SURROGATE.test(text)) throw new TypeError("text holds a lone surrogate");
}

/** Sorted by code unit, without duplicates. */
export function sortedTexts(texts: Iterable<string>): string[] {
  const sorted = [...new Set(texts)];
  sorted.forEach(checkText);
  // The default order of `sort` is by UTF-16 code unit.
  return sorted.sort();
}
