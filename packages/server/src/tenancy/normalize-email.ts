/** An address as it is compared: people do not tell apart by case, and mail systems do not either. */
export function normalizeEmail(email: string): string {
  return email.trim().normalize("NFKC").toLowerCase();
}
