//! Giving memory back to the operating system.

/// Has the allocator give back what it keeps free. The C library does so by itself only at the end
/// of its heap, where one small block that is in use holds all before it.
pub(super) fn trim() {
    // SAFETY: it changes nothing that is in use. (Miri has no such call.)
    #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
    unsafe {
        libc::malloc_trim(0);
    }
}
