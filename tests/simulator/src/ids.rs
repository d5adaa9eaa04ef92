//! Identifiers that look like those of AWS and are the same in every run.

/// A counter behind every identifier the simulator hands out.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    next: u64,
}

impl Ids {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self {
            next: seed.wrapping_mul(0x1_0000_0000),
        }
    }

    fn word(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        mix(self.next)
    }

    /// 32 hexadecimal digits: the id of a task or of a container run.
    pub(crate) fn hex32(&mut self) -> String {
        format!("{:016x}{:016x}", self.word(), self.word())
    }

    /// An id in the form of a UUID: events, containers, service events.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex32();
        let parts = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ];
        parts.join("-")
    }

    /// 19 digits, as in `ecs-svc/2757582648257641111`.
    pub(crate) fn digits(&mut self) -> String {
        (1_000_000_000_000_000_000 + self.word() % 9_000_000_000_000_000_000).to_string()
    }

    /// 21 characters, as at the end of a service deployment ARN.
    pub(crate) fn short(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789";
        let mut pick = || LETTERS[(self.word() % LETTERS.len() as u64) as usize] as char;
        (0..21).map(|_| pick()).collect()
    }
}

/// The digest of an image: fixed by its name and by how often its tag was moved.
pub(crate) fn image_digest(image: &str, times_moved: u32) -> String {
    let start = image.bytes().fold(
        0xcbf2_9ce4_8422_2325_u64 ^ u64::from(times_moved),
        |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3),
    );
    let words: String = (0..4)
        .map(|i| format!("{:016x}", mix(start.wrapping_add(i))))
        .collect();
    format!("sha256:{words}")
}

/// The finaliser of `SplitMix64`: spreads a counter over 64 bits.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
