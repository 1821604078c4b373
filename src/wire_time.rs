//! How a moment is read and written in the browser.
//!
//! jiff understands every way RFC 3339 and RFC 9557 let a moment be written and has a sentence for every fault in it, which
//! is a tenth of what the browser would have to load for a page. The server writes one way only, `2026-03-04T12:41:07.5Z`, and that is what is read there.
//! `#[serde(with = "crate::wire_time")]`, or `::optional`.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// As jiff writes it.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    write(*at, serializer)
}

/// As jiff reads it on the server, as jiff writes it in the browser.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A moment there may be none of.
pub mod optional {
    use super::{Timestamp, read, write};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// As jiff writes it.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => write(*at, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// As jiff reads it on the server, as jiff writes it in the browser.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| read(&text).map_err(D::Error::custom)).transpose()
    }
}

#[cfg(not(target_family = "wasm"))]
fn write<S: Serializer>(at: Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at)
}

/// The browser sends no moment.
#[cfg(target_family = "wasm")]
fn write<S: Serializer>(at: Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let [year, month, day, hour, minute, second] = civil(at);
    serializer.collect_str(&format_args!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(not(target_family = "wasm"))]
fn read(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse()
}

#[cfg(target_family = "wasm")]
fn read(text: &str) -> Result<Timestamp, &'static str> {
    read_utc(text).ok_or("not a moment")
}

/// `2026-03-04T12:41:07.5Z`, with up to nine digits after the point.
#[cfg(any(test, target_family = "wasm"))]
fn read_utc(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let nanoseconds = fraction.parse::<i64>().ok()? * 10_i64.pow(9_u32.checked_sub(fraction.len().try_into().ok()?)?);
    // Days since 1970 in the Gregorian calendar, the year beginning with March so that its last day is the odd one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Timestamp::new(((days * 24 + hour) * 60 + minute) * 60 + second, nanoseconds.try_into().ok()?).ok()
}

/// Year, month, day, hour, minute and second of a moment, in UTC.
pub fn civil(at: Timestamp) -> [i64; 6] {
    let (days, seconds) = (at.as_second().div_euclid(86_400) + 719_468, at.as_second().rem_euclid(86_400));
    // Years of 400, which all have the same number of days; the year begins with March.
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (400 * era + year_of_era, month + 3);
    let (year, month) = if month > 12 { (year + 1, month - 12) } else { (year, month) };
    [year, month, day, seconds / 3_600, seconds / 60 % 60, seconds % 60]
}

#[cfg(any(test, target_family = "wasm"))]
fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(between).map(|digits| digits.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_reads_what_the_server_writes() {
        let seconds = [0, 1, 951_782_399, 951_868_800, 1_772_628_067, 4_107_542_399, 13_574_563_200];
        for (second, nanosecond) in seconds.into_iter().zip([0, 500_000_000, 1, 120_000, 0, 999_999_999, 7]) {
            let at = Timestamp::new(second, nanosecond).expect("in range");
            assert_eq!(read_utc(&at.to_string()), Some(at), "{at}");
            let [year, month, day, hour, minute, second] = civil(at);
            let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
            assert_eq!(at.to_string().get(..19), Some(whole.as_str()));
        }
        for wrong in [
            "",
            "2026-03-04",
            "2026-03-04T12:41:07+02:00",
            "2026-03-04T12:41Z",
            "xT12:41:07Z",
            "2026-03-04T12:41:07.0000000001Z",
        ] {
            assert_eq!(read_utc(wrong), None, "{wrong}");
        }
    }
}
