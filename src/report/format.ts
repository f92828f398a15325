/** Formats a fraction as a percentage, such as 12.5 %. */
export const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;

/** Formats seconds, such as 1 h 05 min, 12 min or 40 s. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
