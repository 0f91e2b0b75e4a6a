/** The name of the bundled platform, which is a project like any other. */
export const bundledProject = 'hwctl';
