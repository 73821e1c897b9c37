/** Spending as it is shared where there is one instance. */
export const ALONE = { share: () => 1, spent: async () => undefined }
