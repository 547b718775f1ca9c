/** Names that Exim's configuration and the adapter share. */

/** In the run's folder. */
export const PLACES = {
  config: 'config/exim.conf',
  certificate: 'config/tls.pem',
  key: 'config/tls.key',
  queue: 'queue',
  log: 'log',
} as const;

/**
 * Where Exim sees all of it. Its processes run as a user of their own, who may not enter the folders of others above the
 * run's; so the run's folder, Exim's program and its libraries are mounted here, for its own processes alone.
 */
export const SEEN = {
  home: '/var/spool/exim',
  program: '/var/spool/exim-program',
  package: '/var/spool/exim-package',
} as const;

/** Whom Debian's Exim runs as. */
export const OWNER = 'Debian-exim';
