//! Seed → random numbers: streams, keyed mixing and integer samplers. Used by every other part of `synth`.
//!
//! Avoids transcendental float functions, whose last bits differ between platforms, and the distributions of `rand`, which change between
//! versions: the same parameters must give the same bytes everywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014). It is a bijection, so that distinct inputs stay distinct.
#[inline]
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A family of values addressed by index: ids, and attributes that several tables must agree on without storing them.
#[derive(Debug, Clone, Copy)]
pub struct Keyed(u64);

impl Keyed {
    /// The family with number `domain`, for this seed.
    pub fn new(seed: u64, domain: u64) -> Self {
        Keyed(mix(mix(seed.wrapping_add(GOLDEN)) ^ domain.wrapping_mul(GOLDEN)))
    }

    /// The value at `index`; distinct indexes give distinct values.
    #[inline]
    pub fn at(self, index: u64) -> u64 {
        mix(index.wrapping_mul(GOLDEN).wrapping_add(self.0))
    }

    /// 32 hexadecimal digits for `index`, unique within the family.
    #[inline]
    pub fn id(self, index: u64) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let high = self.at(index);
        let low = mix(high ^ self.0);
        let mut id = [0; 32];
        for (i, byte) in high.to_be_bytes().into_iter().chain(low.to_be_bytes()).enumerate() {
            id[2 * i] = DIGITS[(byte >> 4) as usize];
            id[2 * i + 1] = DIGITS[(byte & 15) as usize];
        }
        id
    }

    /// A short random sequence for `index`.
    #[inline]
    pub fn draws(self, index: u64) -> Mixed {
        Mixed(self.at(index))
    }
}

/// A source of random bits.
pub trait Source {
    /// 64 random bits.
    fn bits(&mut self) -> u64;

    /// Uniform below `n`, which must be at most 2^32. The bias, at most n / 2^32, does not matter here.
    #[inline]
    fn below(&mut self, n: u64) -> u64 {
        ((self.bits() >> 32) * n) >> 32
    }

    /// True with a probability of `per_million` / 10⁶.
    #[inline]
    fn chance(&mut self, per_million: u64) -> bool {
        self.below(1_000_000) < per_million
    }

    /// Approximately normal: the centred sum of four 16-bit uniform numbers. Standard deviation 37,837; bounded at 3.46 deviations.
    #[inline]
    fn normal(&mut self) -> i64 {
        let x = self.bits();
        ((x & 0xFFFF) + ((x >> 16) & 0xFFFF) + ((x >> 32) & 0xFFFF) + (x >> 48)) as i64 - 131_070
    }

    /// Log-normal with this median; `sigma` is the standard deviation of the logarithm, in thousandths.
    #[inline]
    fn lognormal(&mut self, median: u64, sigma: u64) -> u64 {
        // log2(e) / (1000 · 37,837), scaled by 2^16 for the exponent's fraction and by 2^24 to stay an integer.
        const SCALE: i64 = 41_924;
        let exponent = (self.normal() * sigma as i64 * SCALE) >> 24;
        let fraction = (exponent & 0xFFFF) as u64;
        // 2^f ≈ 1 + f (0.6565 + 0.3435 f): exact at both ends, within 0.2 % between.
        let power = 65_536 + ((fraction * (43_024 + ((22_512 * fraction) >> 16))) >> 16);
        let scaled = u128::from(median) * u128::from(power);
        let shift = 16 - (exponent >> 16);
        (if shift >= 0 { scaled >> shift.min(127) } else { scaled << -shift }) as u64
    }
}

/// SplitMix64, seeded with a [`Keyed`] value.
#[derive(Debug, Clone)]
pub struct Mixed(u64);

impl Source for Mixed {
    #[inline]
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }
}

/// The ChaCha8 stream of one table and chunk.
#[derive(Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of chunk number `chunk` of `table`.
    pub fn new(seed: u64, table: u64, chunk: u64) -> Self {
        let mut key = [0; 32];
        for (i, word) in key.chunks_exact_mut(8).enumerate() {
            word.copy_from_slice(&Keyed::new(seed, u64::MAX).at(i as u64).to_le_bytes());
        }
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(table << 48 | chunk);
        Stream(rng)
    }
}

impl Source for Stream {
    #[inline]
    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Weighted choice in constant time by the alias method (Vose 1991), in integers.
#[derive(Debug, Clone)]
pub struct Alias(Vec<(u32, u32)>);

impl Alias {
    /// Weights in any unit; at least one must be positive.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let weights: Vec<u64> = weights.into_iter().collect();
        let n = weights.len() as u128;
        let total: u128 = weights.iter().map(|&w| u128::from(w)).sum::<u128>().max(1);
        // Each slot holds 2^32 parts; `left` is what remains of each outcome to be placed.
        let mut left: Vec<u128> = weights.iter().map(|&w| ((u128::from(w) * n) << 32) / total).collect();
        let mut slots: Vec<(u32, u32)> = (0..weights.len() as u32).map(|i| (u32::MAX, i)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..weights.len()).partition(|&i| left[i] < 1 << 32);
        while let (Some(&s), Some(&l)) = (small.last(), large.last()) {
            small.pop();
            slots[s] = (left[s] as u32, l as u32);
            left[l] -= (1 << 32) - left[s];
            if left[l] < 1 << 32 {
                large.pop();
                small.push(l);
            }
        }
        Alias(slots)
    }

    /// An index, with probability proportional to its weight.
    #[inline]
    pub fn pick(&self, source: &mut impl Source) -> usize {
        let bits = source.bits();
        let slot = (((bits >> 32) * self.0.len() as u64) >> 32) as usize;
        let (threshold, other) = self.0[slot];
        if (bits as u32) < threshold { slot } else { other as usize }
    }
}

/// A permutation of `0..n` that moves neighbours far apart: `row → (row · stride + offset) mod n`.
#[derive(Debug, Clone, Copy)]
pub struct Shuffle {
    n: u64,
    stride: u64,
    offset: u64,
}

impl Shuffle {
    /// The permutation depends on the seed.
    pub fn new(n: u64, seed: Keyed) -> Self {
        let golden = ((u128::from(n) * 0x9E37_79B9) >> 32) as u64;
        let mut stride = golden + seed.at(0) % (n / 16 + 1) + 1;
        while gcd(stride, n) != 1 {
            stride += 1;
        }
        Shuffle { n, stride, offset: seed.at(1) % n }
    }

    /// The element at position `row`.
    #[inline]
    pub fn at(&self, row: u64) -> u64 {
        ((u128::from(row) * u128::from(self.stride) + u128::from(self.offset)) % u128::from(self.n)) as u64
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One of `0..n`. A few are far more popular than others, and stay so as `n` grows: draws a level uniformly, then a multiple of 2^level
/// counted from `origin`. The result is close to a Pareto distribution.
#[inline]
pub fn popular(source: &mut impl Source, n: u64, origin: u64) -> u64 {
    /// Least number of candidates on a level: limits the share of the most popular one.
    const PEERS: u64 = 4;
    let levels = (n / PEERS).checked_ilog2().map_or(1, |l| u64::from(l) + 1);
    let level = source.below(levels);
    let (first, end) = (origin.div_ceil(1 << level), (origin + n).div_ceil(1 << level));
    if first == end {
        return source.below(n);
    }
    ((first + source.below(end - first)) << level) - origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_follow_their_weights() {
        let mut source = Stream::new(1, 2, 3);
        let alias = Alias::new([1, 0, 3, 6]);
        let mut counts = [0u32; 4];
        for _ in 0..100_000 {
            counts[alias.pick(&mut source)] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, expected) in counts.iter().zip([10_000i64, 0, 30_000, 60_000]) {
            assert!((i64::from(*count) - expected).abs() < 700, "{counts:?}");
        }

        let mut draws: Vec<u64> = (0..100_001).map(|_| source.lognormal(10_000, 500)).collect();
        draws.sort_unstable();
        assert!((9_900..10_100).contains(&draws[50_000]), "median {}", draws[50_000]);
        // One deviation above the median: e^0.5.
        assert!((16_200..16_800).contains(&draws[84_134]), "84th percentile {}", draws[84_134]);
    }

    #[test]
    fn shuffle_is_a_permutation() {
        for n in [1, 2, 3, 10, 97, 1000, 1024] {
            let shuffle = Shuffle::new(n, Keyed::new(9, 9));
            let mut seen: Vec<u64> = (0..n).map(|row| shuffle.at(row)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..n), "{n}");
        }
    }

    #[test]
    fn popular_stays_in_range_and_is_skewed() {
        let mut source = Stream::new(1, 1, 1);
        for n in [1, 2, 5, 40, 3000] {
            let mut counts = vec![0u32; n as usize];
            for _ in 0..30_000 {
                counts[popular(&mut source, n, 12_345) as usize] += 1;
            }
            if n == 3000 {
                counts.sort_unstable_by(|a, b| b.cmp(a));
                assert!(counts[0] > 20 * counts[1500], "{:?}", &counts[..9]);
                assert!(counts[0] < 1500, "{:?}", &counts[..9]);
            }
        }
    }

    #[test]
    fn streams_and_ids_are_distinct() {
        let first = |seed, table, chunk| Stream::new(seed, table, chunk).bits();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        assert!(
            first(1, 2, 3) != first(1, 2, 4) && first(1, 2, 3) != first(1, 3, 3) && first(1, 2, 3) != first(2, 2, 3)
        );
        let keyed = Keyed::new(1, 1);
        assert_ne!(keyed.id(1), keyed.id(2));
        assert!(keyed.id(7).iter().all(u8::is_ascii_hexdigit));
    }
}
