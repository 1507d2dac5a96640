//! Random values from a seed, as SQL: the awkward ones more often than in life.

/// A generator of numbers; one seed, one sequence.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    /// The sequence of a seed and of one of its streams.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut made = Self(seed ^ stream.wrapping_mul(0xD134_2543_DE82_EF95));
        made.next();
        made
    }

    /// The next number (SplitMix64: any seed will do, and it needs no crate).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True this often in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let place = self.below(of.len() as u64);
        &of[usize::try_from(place).expect("a place")]
    }

    /// Letters of an alphabet.
    fn letters(&mut self, alphabet: &str, many: u64) -> String {
        let alphabet = alphabet.as_bytes();
        (0..many)
            .map(|_| char::from(*self.pick(alphabet)))
            .collect()
    }

    /// Hexadecimal digits.
    pub(super) fn hex(&mut self, many: u64) -> String {
        self.letters("0123456789abcdef", many)
    }

    /// Letters of the base64 of URLs. Hardly compressible, so a long one is stored out of line.
    pub(super) fn base64(&mut self, many: u64) -> String {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        self.letters(alphabet, many)
    }

    /// A UUID.
    pub(super) fn uuid(&mut self) -> String {
        let parts = [8, 4, 4, 4, 12].map(|many| self.hex(many));
        parts.join("-")
    }

    /// A time between two years, without its zone.
    pub(super) fn time(&mut self, from: u64, to: u64) -> String {
        let year = from + self.below(to - from);
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let micros = *self.pick(&[0, 1, 500_000, 999_999]);
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
    }

    /// A text that is easily read wrong.
    pub(super) fn words(&mut self) -> String {
        let odd = [
            "",
            " ",
            "O'Brien \\ \"Bob\"",
            "\\N",
            "two\nlines\tand a tab",
            "Ünï 🛒 李",
            "{\"a\":1}",
            "NULL",
            "%s \\u0041",
            "a|b,c;d",
        ];
        let odd = *self.pick(&odd);
        if self.chance(50) {
            format!("{odd}{}", self.hex(8))
        } else {
            odd.to_owned()
        }
    }

    /// A JSON text that `jsonb` takes, sometimes one that it writes otherwise.
    pub(super) fn json(&mut self) -> String {
        let (key, number) = (self.hex(6), self.below(1000));
        match self.below(7) {
            0 => "{}".to_owned(),
            1 => format!("{{\"b\": 1.0,  \"a\":\"{key}\", \"b\": 1.00}}"),
            2 => format!("{{\"name\":\"Zo\\u00eb \\ud83d\\uded2 {key}\"}}"),
            3 => format!("{{\"roles\":[\"reader\",null,true,{number}],\"{key}\":{{}}}}"),
            4 => format!("{{\"\":\"\\\\ \\\" / \\/ {key}\"}}"),
            5 => format!("{{\"n\":12345678901234567890.{number}e-3}}"),
            _ => format!(
                "{{\"tenant\":\"{key}\",\"ip\":\"192.0.2.{}\"}}",
                number % 250
            ),
        }
    }

    /// A list as Hydra 1.11 writes it: `|` between elements, `\|` inside one.
    pub(super) fn list(&mut self) -> String {
        let odd = [
            "",
            "openid",
            "a||b",
            "|a",
            "a|",
            "a\\|b|c",
            "größe|\"q\"",
            "openid|offline|profile",
        ];
        let odd = *self.pick(&odd);
        if self.chance(40) {
            format!("{}|{odd}", self.hex(4))
        } else {
            odd.to_owned()
        }
    }
}

/// How a column's new value is made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// One of these SQL expressions.
    Of(&'static [&'static str]),
    /// An SQL expression; `{f}` is a fraction, `{h}` three hexadecimal digits, `{b}` two letters of base64.
    Sql(&'static str),
    /// NULL in a quarter.
    Maybe(&'static Self),
    /// A text that is easily read wrong.
    Words,
    /// Such a text; in a third, one of 8 to 14 kB that does not compress.
    Large,
    /// A text that no other row has, after this prefix.
    Name(&'static str),
    /// Hexadecimal digits.
    Hex(u64),
    /// Letters of base64.
    Base64(u64),
    /// A UUID as text.
    Uuid,
    /// An integer from the first to below the second.
    Int(u64, u64),
    /// A time between two years.
    Time(u64, u64),
    /// `true` or `false`.
    Bool,
    /// A JSON object.
    Json,
    /// A JSON object in a text column, where '' means an empty one.
    JsonText,
    /// A JSON object; in a third, one of 8 to 14 kB.
    LargeJson,
    /// A list as Hydra 1.11 writes it.
    List,
}

impl Value {
    /// A new value as SQL.
    pub(super) fn sql(self, rng: &mut Rng) -> String {
        match self {
            Self::Of(given) => (*rng.pick(given)).to_owned(),
            Self::Sql(template) => fill(template, rng),
            Self::Maybe(_) if rng.chance(25) => "NULL".to_owned(),
            Self::Maybe(other) => other.sql(rng),
            Self::Words => quote(&rng.words()),
            Self::Large if rng.chance(33) => quote(&large(rng)),
            Self::Large => quote(&rng.words()),
            Self::Name(prefix) => quote(&format!("{prefix}{}", rng.hex(16))),
            Self::Hex(many) => quote(&rng.hex(many)),
            Self::Base64(many) => quote(&rng.base64(many)),
            Self::Uuid => quote(&rng.uuid()),
            Self::Int(from, to) => (from + rng.below(to - from)).to_string(),
            Self::Time(from, to) => quote(&rng.time(from, to)),
            Self::Bool => rng.chance(50).to_string(),
            Self::JsonText if rng.chance(15) => "''".to_owned(),
            Self::LargeJson if rng.chance(33) => {
                quote(&format!("{{\"large\":\"{}\"}}", large(rng)))
            }
            Self::Json | Self::JsonText | Self::LargeJson => quote(&rng.json()),
            Self::List => quote(&rng.list()),
        }
    }
}

/// More than 8 kB, which are stored out of line.
pub(super) fn large(rng: &mut Rng) -> String {
    let many = 8_300 + rng.below(6_000);
    rng.base64(many)
}

/// A template with its random places filled.
pub(super) fn fill(template: &str, rng: &mut Rng) -> String {
    let fraction = format!("{:.6}", rng.below(1_000_000) as f64 / 1e6);
    template
        .replace("{f}", &fraction)
        .replace("{h}", &rng.hex(3))
        .replace("{b}", &rng.base64(2))
}

/// A literal of SQL.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
