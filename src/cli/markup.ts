const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Escapes text for XML and HTML; control characters, which XML does not allow, become spaces. */
export const escapeMarkup = (text: string) => text.replace(/[&<>"\p{Cc}]/gu, (character) => ESCAPES[character] ?? ' ');
