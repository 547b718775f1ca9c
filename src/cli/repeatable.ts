import { Option } from 'commander';

/** An option that may be given several times; its value is a list, empty without it. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; can be repeated`)
    .argParser<string[]>((value, before) => [...before, value])
    .default([], 'none');
}
