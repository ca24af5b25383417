//! Secrets never appear in a report: passwords in URLs and the values of keys that look like secrets become `*`.
//!
//! The masked text is as long as the original, byte for byte, so places stay true.

use crate::source::is_secret_name;

/// Masks a text of any kind: a message, or a file that could not be read to its end.
pub fn mask(text: &str) -> String {
    mask_with(text, &[])
}

/// Masks a text in which some secrets are known by their place, from byte to byte.
pub fn mask_with(text: &str, known: &[(usize, usize)]) -> String {
    let mut hidden = vec![false; text.len()];
    for (start, end) in known {
        hide(&mut hidden, *start, *end);
    }
    // The indentation of a key that looks like a secret and whose value stands on the lines below it.
    let mut block: Option<usize> = None;
    let mut list: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let blank = line.trim().is_empty();
        // Lines of a block scalar below a key that looks like a secret.
        if let Some(outer) = block {
            if blank || indent > outer {
                hide(&mut hidden, at + indent, at + line.trim_end().len());
                at += line.len();
                continue;
            }
            block = None;
        }
        if let Some(outer) = list {
            if indent >= outer && line.trim_start().starts_with("- ") {
                hide(&mut hidden, at + indent + 2, at + line.trim_end().len());
                at += line.len();
                continue;
            }
            if !blank {
                list = None;
            }
        }
        for (start, end) in secret_values(line) {
            let value = line.get(start..end).unwrap_or("");
            if matches!(value.trim().chars().next(), Some('|' | '>')) && value.trim().len() <= 3 {
                block = Some(indent);
            } else if value.is_empty() {
                list = Some(indent);
            } else {
                hide(&mut hidden, at + start, at + end);
            }
        }
        for (start, end) in url_passwords(line) {
            hide(&mut hidden, at + start, at + end);
        }
        at += line.len();
    }
    cover(text, &hidden)
}

/// Masks a unit. Its keys have one line each, on which quotes and blanks mean other things than in YAML: from the first
/// word that looks like a secret's name, everything up to the end of its entry is masked.
pub fn mask_unit(text: &str) -> String {
    let mut hidden = vec![false; text.len()];
    let mut at = 0;
    let mut goes_on = false;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        // `Secret=` names one and does not hold it.
        let own = if line.starts_with("Secret=") { "Secret=".len() } else { 0 };
        let rest = line.get(own..).unwrap_or("");
        let named = secret_values(rest).first().map(|(start, _)| at + own + start);
        let first = named.into_iter().chain(secret_option(rest).map(|start| at + own + start)).min();
        let is_secret = goes_on || first.is_some();
        if is_secret {
            hide(&mut hidden, if goes_on { at } else { first.unwrap_or(end) }, end);
        }
        for (start, end) in url_passwords(line) {
            hide(&mut hidden, at + start, at + end);
        }
        goes_on = is_secret && line.trim_end().ends_with('\\');
        at += line.len();
    }
    cover(text, &hidden)
}

/// Where the value of an option like `--password VALUE` begins.
fn secret_option(line: &str) -> Option<usize> {
    let options = line.match_indices(" --").filter_map(|(at, _)| {
        let word = line.get(at + 1..)?.split_whitespace().next()?;
        is_secret_name(word).then_some(at + 1 + word.len())
    });
    options.min()
}

fn cover(text: &str, hidden: &[bool]) -> String {
    let masked = text.char_indices().flat_map(|(at, c)| {
        let secret = hidden.get(at).copied().unwrap_or(false) && !c.is_whitespace();
        let (shown, times) = if secret { ('*', c.len_utf8()) } else { (c, 1) };
        std::iter::repeat_n(shown, times)
    });
    masked.collect()
}

fn hide(hidden: &mut [bool], start: usize, end: usize) {
    if let Some(part) = hidden.get_mut(start..end) {
        part.fill(true);
    }
}

/// The values behind `KEY: value` and `KEY=value` where the key looks like a secret.
fn secret_values(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut behind = 0;
    for (at, c) in line.char_indices() {
        if at < behind || !matches!(c, ':' | '=') {
            continue;
        }
        let before = line.get(..at).unwrap_or("").trim_end_matches(['"', '\'', ' ']);
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).map_or(0, |i| i + 1);
        let key = before.get(start..).unwrap_or("");
        let after = line.get(at + 1..).unwrap_or("");
        // A `:` without a blank behind it belongs to a URL, an image or a port.
        let separates = c == '=' || after.starts_with([' ', '\n', '\r', '"', '\'']) || after.is_empty();
        if !separates || !is_secret_name(key) {
            continue;
        }
        let blanks = after.len() - after.trim_start_matches(' ').len();
        let value = after.get(blanks..).unwrap_or("").trim_end();
        let length = value_length(value, line.get(..at).unwrap_or(""));
        if !value.starts_with(['{', '&', '*']) || c == '=' {
            found.push((at + 1 + blanks, at + 1 + blanks + length));
        }
        behind = at + 1 + blanks + length;
    }
    found
}

/// How long a value is: up to its closing quote, or up to the end of the line or of its place in a flow mapping.
fn value_length(value: &str, before: &str) -> usize {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        return closing(value, quote).unwrap_or(value.len());
    }
    if value.starts_with('[') {
        return value.find(']').map_or(value.len(), |end| end + 1);
    }
    let in_flow = before.contains(['{', '[', '`']);
    let end = if in_flow { value.find([',', '}', ']', '`']) } else { value.find(" #") };
    end.unwrap_or(value.len())
}

/// Where a quoted value ends: at the quote that is neither escaped nor doubled.
fn closing(value: &str, quote: char) -> Option<usize> {
    let mut characters = value.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        if (c == '\\' && quote == '"') || (c == '\'' && quote == '\'' && next == Some(quote)) {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

/// `PASSWORD` in `scheme://user:PASSWORD@host`, also where it holds characters that a URL would not.
fn url_passwords(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("://") {
        let start = at + 3;
        let rest = line.get(start..).unwrap_or("");
        let end = rest.find(|c: char| c.is_whitespace() || "\"'`".contains(c)).unwrap_or(rest.len());
        let token = rest.get(..end).unwrap_or("");
        if let (Some(colon), Some(host)) = (token.find(':'), token.rfind('@'))
            && colon < host
        {
            found.push((start + colon + 1, start + host));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{mask, mask_unit};

    #[test]
    fn secrets_in_units_are_masked_to_the_end_of_the_entry() {
        for (text, masked) in [
            ("Environment=DB_PASSWORD=a \\\n  b\nX=y", "Environment=DB_PASSWORD=* *\n  *\nX=y"),
            ("Environment=\"A=1\" \"MY_TOKEN=a #b\"", "Environment=\"A=1\" \"MY_TOKEN=* ***"),
            ("Exec=run --password hunter2 -x", "Exec=run --password ******* **"),
            ("Secret=db,target=x", "Secret=db,target=x"),
            ("Environment=URL=http://a:b@c/", "Environment=URL=http://a:*@c/"),
        ] {
            assert_eq!(mask_unit(text), masked);
        }
    }

    #[test]
    fn secrets_are_masked_in_place_and_the_rest_stays() {
        for (text, masked) in [
            ("      DB_PASSWORD: hunter2\n", "      DB_PASSWORD: *******\n"),
            ("      - API_TOKEN=a=b c # x\n", "      - API_TOKEN=*** * # x\n"),
            ("{ USER: me, SECRET_KEY: s3, X: y }", "{ USER: me, SECRET_KEY: **, X: y }"),
            ("URL: postgres://me:pw@db:5432/x", "URL: postgres://me:**@db:5432/x"),
            ("image: docker.io/monkey/key:1.0", "image: docker.io/monkey/key:1.0"),
            ("\"Password\": \"ä b\"", "\"Password\": *** **"),
            ("KEY: |\n  one\n  two\nX: y", "KEY: |\n  ***\n  ***\nX: y"),
            ("KEYS:\n- one\n  \n- two\nX: y", "KEYS:\n- ***\n  \n- ***\nX: y"),
            ("TOKEN: [a, b] # c", "TOKEN: *** ** # c"),
            ("keycloak:\n  image: x", "keycloak:\n  image: x"),
            ("secrets: [a, b]", "secrets: [a, b]"),
            ("PASSWORD: \"a\\\"b c\" # x", "PASSWORD: ***** ** # x"),
            ("PASSWORD: 'a''b' # x", "PASSWORD: ****** # x"),
        ] {
            let found = mask(text);
            assert_eq!(found.len(), text.len(), "{text}");
            assert_eq!(found.replace('*', "").len(), masked.replace('*', "").len(), "{text} -> {found}");
            if text.is_ascii() {
                assert_eq!(found, masked);
            }
        }
    }
}
