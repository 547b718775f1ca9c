import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of a fake archive. */
export interface FakePackage {
  readonly version?: string;
  readonly depends?: string;
  /** Files by their path: the libraries that each needs, and its mode if that is to be special. */
  readonly files?: Readonly<Record<string, { readonly needs?: readonly string[]; readonly mode?: string }>>;
}

/** A machine with a fake of Debian's tools: what install() takes as its environment, and what the tools were asked. */
export interface FakeDebian {
  readonly environ: NodeJS.ProcessEnv;
  /** The packages that apt-get was asked for, a line for each call. */
  fetched(): string[];
}

/** Debian's tools as shell scripts; a package is a text that says what is in it. */
const TOOLS: Readonly<Record<string, string>> = {
  'apt-get': `
[ "$1" = download ] || exit 99
shift
echo "$*" >> "$FAKE_DEBIAN/fetched"
[ -e "$FAKE_DEBIAN/offline" ] && { echo 'E: Failed to fetch http://archive.test/x.deb  Connection failed' >&2; exit 100; }
for name in "$@"; do
  [ -e "$FAKE_DEBIAN/archive/$name" ] || { echo "E: Unable to locate package $name" >&2; exit 100; }
  cp "$FAKE_DEBIAN/archive/$name" "$name.deb"
done`,
  dpkg: `
[ "$1" = -x ] || exit 99
grep -q '^broken' "$2" && { echo 'dpkg-deb: error: not a Debian format archive' >&2; exit 2; }
grep '^File: ' "$2" | while read -r _ path mode needs; do
  mkdir -p "$3/$(dirname "$path")"
  printf '\\177ELF\\n%s\\n' "$needs" > "$3/$path"
  chmod "$mode" "$3/$path"
done`,
  'dpkg-deb': `
[ "$1" = -f ] || exit 99
sed -n "s/^$3: //p" "$2"`,
  'dpkg-query': `
while read -r name; do case " $* " in *" $name "*) echo "$name installed" ;; esac; done < "$FAKE_DEBIAN/installed"
exit 1`,
  ldd: `
for file in "$@"; do
  for library in $(sed 1d "$file"); do
    found=no
    for folder in $(echo "$LD_LIBRARY_PATH" | tr : ' '); do [ -e "$folder/$library" ] && found=yes; done
    [ $found = yes ] && echo "	$library => somewhere (0x1)" || echo "	$library => not found"
  done
done`,
};

/** Makes a fake Debian in a folder, with these packages in its archive and these installed. */
export function fakeDebian(
  folder: string,
  archive: Readonly<Record<string, FakePackage | 'broken'>>,
  installed: readonly string[] = [],
): FakeDebian {
  const bin = join(folder, 'bin');
  for (const each of [bin, join(folder, 'archive')]) mkdirSync(each, { recursive: true });
  for (const [name, script] of Object.entries(TOOLS)) {
    writeFileSync(join(bin, name), `#!/bin/sh${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const [name, content] of Object.entries(archive))
    writeFileSync(join(folder, 'archive', name), content === 'broken' ? 'broken\n' : textOf(content));
  writeFileSync(join(folder, 'installed'), installed.map((name) => `${name}\n`).join(''));
  const log = join(folder, 'fetched');
  return {
    environ: {
      FAKE_DEBIAN: folder,
      PATH: `${bin}:/usr/bin:/bin`,
      XDG_CACHE_HOME: join(folder, 'cache'),
    },
    fetched: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  };
}

function textOf({ version = '1.0-1', depends, files = {} }: FakePackage): string {
  const lines = Object.entries(files).map(
    ([path, { needs = [], mode = '755' }]) => `File: ${path} ${mode} ${needs.join(' ')}`,
  );
  return `${[`Version: ${version}`, ...(depends === undefined ? [] : [`Depends: ${depends}`]), ...lines].join('\n')}\n`;
}
