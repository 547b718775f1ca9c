/** A file of the configuration; the name is relative to the MTA's folder. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
  /** For the MTA's eyes alone. */
  readonly secret: boolean;
}
