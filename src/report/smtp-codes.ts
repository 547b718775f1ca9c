/** Reply codes in words: RFC 5321 section 4.2.3; 454 and 530 to 538: RFC 3207 section 4, RFC 4954 section 6. */
const MEANINGS: Readonly<Record<number, string>> = {
  421: 'service not available, connection closed',
  450: 'mailbox unavailable for now',
  451: 'local error',
  452: 'not enough storage, or too many recipients',
  454: 'TLS or authentication not available for now',
  500: 'command not understood',
  501: 'error in parameters',
  502: 'command not implemented',
  503: 'bad sequence of commands',
  504: 'parameter not implemented',
  530: 'authentication or TLS required',
  534: 'authentication mechanism too weak',
  535: 'credentials refused',
  538: 'encryption required for this mechanism',
  550: 'mailbox unavailable, or refused by policy',
  552: 'too large, or storage exceeded',
  553: 'mailbox name not allowed',
  554: 'no service here, or transaction failed',
};

/** What a reply code means by the standard, and by its first digit whether trying again makes sense. 0: no reply. */
export function meaningOfCode(code: number): string {
  if (code === 0) return 'no reply: not connected, broken off or timed out';
  const again = code < 500 ? 'may be tried again' : 'for good';
  const meaning = MEANINGS[code];
  return meaning === undefined ? again : `${meaning}; ${again}`;
}
