/**
 * Reads comma-separated values (RFC 4180): quoted fields may hold commas, line ends and doubled quotes. Lines may end in LF
 * alone. A last record without an end, as of a file that is being written, is handed over if none of its quotes is open.
 */
export async function* parseCsv(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let record: string[] = [];
  let field = '';
  let quoted = false;
  /** A quote has just ended a quoted field, or begins a doubled one. */
  let closing = false;
  let empty = true;
  for await (const chunk of chunks) {
    for (const char of chunk) {
      if (quoted && !closing) {
        if (char === '"') closing = true;
        else field += char;
        continue;
      }
      if (closing) {
        closing = false;
        if (char === '"') {
          field += '"';
          continue;
        }
        quoted = false;
      }
      if (char === '\n') {
        if (!empty) yield [...record, withoutReturn(field)];
        record = [];
        field = '';
        empty = true;
        continue;
      }
      if (char === ',') {
        record.push(field);
        field = '';
      } else if (char === '"' && field === '') quoted = true;
      else field += char;
      if (char !== '\r') empty = false;
    }
  }
  if (!empty && (!quoted || closing)) yield [...record, withoutReturn(field)];
}

function withoutReturn(field: string): string {
  return field.endsWith('\r') ? field.slice(0, -1) : field;
}
