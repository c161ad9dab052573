/** The name with its mark. */
export function Brand() {
  return (
    <span
      style={{
        display: "inline-flex",
        alignItems: "center",
        gap: 8,
        fontWeight: 700,
        fontSize: 16,
        letterSpacing: "-0.01em",
      }}
    >
      <img src="/favicon.svg" alt="" width={22} height={22} />
      <span className="brand-name">Atende</span>
    </span>
  );
}
