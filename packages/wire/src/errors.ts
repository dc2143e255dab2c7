import { z } from "zod";

/** Every error type of the platform with the HTTP status it travels under. Source: surface.md D. */
export const ERROR_STATUS = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const;

export type ErrorType = keyof typeof ERROR_STATUS;

export const ErrorTypeSchema = z.enum(Object.keys(ERROR_STATUS) as [ErrorType, ...ErrorType[]]);

/** The error envelope of every non-2xx reply and of the `error` stream event. */
export const ErrorEnvelope = z
  .object({
    type: z.literal("error"),
    error: z.object({
      type: ErrorTypeSchema,
      message: z.string(),
      details: z.object({ error_code: z.string() }).catchall(z.unknown()).nullish(),
    }),
    request_id: z.string().nullable(),
  })
  .meta({ id: "ErrorEnvelope" });

export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;
