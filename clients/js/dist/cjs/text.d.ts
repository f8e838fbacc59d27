/** Foreign values inside messages: short, on one line, and safe for a terminal. */
/** Return a value as part of a message. */
export declare function quoted(value: unknown): string;
/** Return `text` on one line, control characters escaped. */
export declare function printable(text: string): string;
/** Return `text`, cut if it is too long for a message. */
export declare function short(text: string, most?: number): string;
