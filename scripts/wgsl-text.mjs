// The text of kernels, as the build imports it.

/** Removes comments: a `$` in them is no template's. Lines keep their numbers, which shader errors contain. */
export const removeComments = (text) => text.replace(/\/\/.*$/gm, '');

/** Removes comments and, to save bytes, most spaces. Directives keep theirs. */
export const strip = (text) =>
  removeComments(text)
    .replace(/^[ \t]+|[ \t]+$/gm, '')
    .replace(/^[^#\n].*$/gm, (line) =>
      line.replace(/[ \t]*([=*,;:{}()<>|&])[ \t]*/g, '$1').replace(/ ([-+/%]) (?![-+])/g, '$1'),
    );

/** The files that a kernel's text includes, as it names them. */
export const includesOf = (text) => [...text.matchAll(/^\s*#include\s+"([^"]+)"/gm)].map((match) => match[1]);
