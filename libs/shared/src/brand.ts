declare const brand: unique symbol;

/** A value that was parsed once at the boundary: the compiler refuses the unparsed one. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
