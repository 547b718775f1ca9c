/** A report as JSON, such as `summary.json`: two blanks a level, keys in the order of the contract, a newline at the end. */
export function renderJson(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
