/** A name as it is searched: without accents and without case. */
export const plain = (name: string) => name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
