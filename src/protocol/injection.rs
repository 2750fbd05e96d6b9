//! Panics on purpose, to see what they do: with the feature `panic-injection`, and nowhere else.

/// Panics if `bytes` ask for it: if `panic in`, and the name of this place, are among the first of
/// them.
#[inline(always)]
pub(crate) fn panic_if_asked(place: &str, bytes: &[u8]) {
    #[cfg(feature = "panic-injection")]
    {
        const LOOKED_AT: usize = 1024;
        let wanted = format!("panic in {place}");
        let looked_at = &bytes[..bytes.len().min(LOOKED_AT)];
        let asked = looked_at
            .windows(wanted.len())
            .any(|window| window == wanted.as_bytes());
        assert!(!asked, "injected in {place}");
    }
    let _ = (place, bytes);
}

/// Panics if the environment variable `FERROWS_PANIC` names this place, of which no bytes can ask for
/// it. It is looked at on JavaScript's thread only, which sets it.
#[inline(always)]
pub(crate) fn panic_if_told(place: &str) {
    #[cfg(feature = "panic-injection")]
    {
        let told = std::env::var_os("FERROWS_PANIC").is_some_and(|named| named == place);
        assert!(!told, "injected in {place}");
    }
    let _ = place;
}
