/** Two speech bubbles that meet. */
export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f6b5c" />
      <path
        d="M8 10.5A2.5 2.5 0 0 1 10.5 8h7a2.5 2.5 0 0 1 2.500 2.500v4A2.500 2.500 0 0 1 17.500 17H13l-3.300 2.800c-.400.350-1 .060-1-.460V17A2.500 2.500 0 0 1 8 14.500z"
        fill="#fff"
      />
      <path
        d="M22 13h.500a2.500 2.500 0 0 1 2.500 2.500v4a2.500 2.500 0 0 1-1 2v2.300c0 .520-.600.800-1 .460L20.200 22H16a2.500 2.500 0 0 1-2.450-2H18a4.500 4.500 0 0 0 4-4.500z"
        fill="#9be0d2"
      />
    </svg>
  );
}
