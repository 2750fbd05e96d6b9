//! Latencies in logarithmic buckets, each divided linearly: 128 steps per
//! power of two, so a percentile is off by less than 0.8 %.

use std::time::Duration;

/// log2 of the steps per power of two.
const STEP_BITS: u32 = 7;
const STEPS: usize = 1 << STEP_BITS;

pub struct Histogram {
    /// Nanoseconds, as [`bucket`] sorts them.
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Self {
            counts: vec![0; bucket(u64::MAX) + 1],
            total: 0,
        }
    }

    #[inline]
    pub fn record(&mut self, latency: Duration) {
        self.counts[bucket(latency.as_nanos() as u64)] += 1;
        self.total += 1;
    }

    /// The latency that `share` (0 to 1) of the messages did not exceed, in
    /// microseconds; `None` if there were no messages.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(middle(bucket) / 1000.0)
    }
}

/// ```text
/// value        0 … 127   128 … 255   256 … 511   512 … 1023
/// step         1         1           2           4
/// buckets from 0         128         256         384
/// ```
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(STEP_BITS + 1);
    (shift as usize) * STEPS + (value >> shift) as usize
}

/// The middle of a bucket, in nanoseconds.
fn middle(bucket: usize) -> f64 {
    let shift = (bucket / STEPS).saturating_sub(1) as i32;
    let start = bucket - shift as usize * STEPS;
    let step = 2_f64.powi(shift);
    start as f64 * step + (step - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_middle_and_buckets_are_in_order() {
        for index in 0..4000 {
            assert_eq!(bucket(middle(index) as u64), index);
        }
        assert_eq!(bucket(127) + 1, bucket(128));
        assert_eq!(bucket(255) + 1, bucket(256));
        assert_eq!(bucket(511) + 1, bucket(512));
    }

    #[test]
    fn percentiles_are_off_by_less_than_one_percent() {
        let mut histogram = Histogram::new();
        for micros in 1..=1000 {
            histogram.record(Duration::from_micros(micros));
        }
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (0.0, 1.0)] {
            let found = histogram.percentile(share).expect("not empty");
            assert!((found - expected).abs() <= expected * 0.01, "{found}");
        }
    }

    #[test]
    fn an_empty_histogram_has_no_percentile() {
        assert_eq!(Histogram::new().percentile(0.5), None);
    }
}
