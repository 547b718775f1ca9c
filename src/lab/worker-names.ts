/** The processes of a run that measure themselves; samples name them by their place in this list. */
export const WORKERS = ['lab', 'isps', 'driver'] as const;
