// A number as the language itself writes it.

export const written = String;
