import * as z from "zod";

// Kinds of settings that several tables have.

/** The service writes its switches as yes and no; both spellings are taken everywhere. */
export const flag = () =>
  z
    .union([z.boolean(), z.enum(["yes", "no"])])
    .transform((value) => value === true || value === "yes")
    .meta({ "x-allowed": "true or false" });

export const id = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .meta({ "x-allowed": "1 to 64 of: letters, digits, - and _" });

export const name = () =>
  z
    .string()
    .max(256)
    .regex(/^\P{Cc}+$/u)
    .meta({ "x-allowed": "1 to 256 characters" });
