//! Secrets never appear in a report: passwords in URLs and the values of keys that look like secrets become `*`.
//!
//! The masked text is as long as the original, byte for byte, so places stay true.

use crate::source::{has_secret_word, is_secret_name};

/// Masks a text of any kind: a message, or a file that could not be read to its end.
pub fn mask(text: &str) -> String {
    mask_with(text, &[])
}

/// Masks a text in which some secrets are known by their place, from byte to byte.
pub fn mask_with(text: &str, known: &[(usize, usize)]) -> String {
    // Nothing is hidden where neither stands.
    if known.is_empty() && !has_secret_word(text) && !text.contains("://") {
        return text.to_owned();
    }
    let mut hidden = vec![false; text.len()];
    for (start, end) in known {
        hide(&mut hidden, *start, *end);
    }
    // The indentation of a key that looks like a secret and whose value stands on the lines below it.
    let mut block: Option<usize> = None;
    let mut list: Option<usize> = None;
    // An option that looks like a secret's ended its line: its value is on the next one.
    let mut awaited = false;
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
        if awaited && !blank && !line.trim_start().starts_with('#') {
            awaited = false;
            if let Some((start, end)) = first_value(line) {
                hide(&mut hidden, at + start, at + end);
            }
        }
        for after in secret_options(line) {
            match option_value(line, after) {
                Some((start, end)) => hide(&mut hidden, at + start, at + end),
                None => awaited |= ends_line(line, after),
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
        let first = named.into_iter().chain(secret_options(rest).first().map(|start| at + own + start)).min();
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

/// Where the names of options like `--password` end that stand without a `=`: their values are the words behind them.
fn secret_options(line: &str) -> Vec<usize> {
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = line.match_indices("--").filter_map(|(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        let rest = line.get(at..)?;
        let name = rest.get(..rest.find(|c| !in_name(c)).unwrap_or(rest.len()))?;
        let is_option = !before.is_some_and(|c| in_name(c) || c == '/') && !rest.get(name.len()..)?.starts_with('=');
        (is_option && is_secret_name(name)).then_some(at + name.len())
    });
    ends.collect()
}

/// Where the value of an option lies whose name ends here: the next word, or the next item of a list on this line.
fn option_value(line: &str, after: usize) -> Option<(usize, usize)> {
    let word = without_quote(line.get(after..)?);
    let behind = word.trim_start();
    let item = behind.strip_prefix(',').map(str::trim_start);
    let value = item.or_else(|| (behind.len() < word.len()).then_some(behind))?;
    if value.is_empty() || value.starts_with(['#', ']', '}', '`']) || value.trim_end() == "\\" {
        return None;
    }
    let start = line.len() - value.len();
    let value = value.trim_end();
    let length = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => closing(value, quote).unwrap_or(value.len()),
        // A quote within quotes.
        Some('\\') if value.starts_with("\\\"") => {
            value.match_indices("\\\"").nth(1).map_or(value.len(), |(end, quote)| end + quote.len())
        }
        _ if item.is_some() => value.find([',', ']']).unwrap_or(value.len()),
        _ => value.split_whitespace().next()?.trim_end_matches(['"', '\'', '`', ',', ']']).len(),
    };
    Some((start, start + length))
}

/// Whether nothing but the end of a word, of an item and of the line stands behind.
fn ends_line(line: &str, after: usize) -> bool {
    let rest = without_quote(line.get(after..).unwrap_or("")).trim_start();
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim();
    rest.is_empty() || rest == "\\" || rest.starts_with('#')
}

fn without_quote(text: &str) -> &str {
    text.strip_prefix("\\\"").or_else(|| text.strip_prefix(['"', '\''])).unwrap_or(text)
}

/// What a line says, as an item of a list or the rest of a text; nothing where it is a key.
fn first_value(line: &str) -> Option<(usize, usize)> {
    let mut value = line.trim_start();
    while let Some(item) = value.strip_prefix("- ") {
        value = item.trim_start();
    }
    let start = line.len() - value.len();
    let value = value.trim_end();
    let length = match value.chars().next()? {
        quote @ ('"' | '\'') => closing(value, quote).unwrap_or(value.len()),
        ']' | '}' => return None,
        _ => value.find(" #").unwrap_or(value.len()),
    };
    let key = value.split_once(':').filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!key.is_some_and(|(key, _)| key.chars().all(is_name))).then_some((start, start + length))
}

fn cover(text: &str, hidden: &[bool]) -> String {
    if !hidden.contains(&true) {
        return text.to_owned();
    }
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
        let length = match quote_before(line, start) {
            // `"NAME=value"`: to the end of the quotes.
            Some(length) if c == '=' && before.len() == at => (start + length).saturating_sub(at + 1 + blanks),
            _ => value_length(value, line.get(..at).unwrap_or("")),
        };
        if !value.starts_with(['{', '&', '*']) || c == '=' {
            found.push((at + 1 + blanks, at + 1 + blanks + length));
        }
        behind = at + 1 + blanks + length;
    }
    found
}

/// How far it is from here to the end of the quotes that open right before.
fn quote_before(line: &str, start: usize) -> Option<usize> {
    let quote = line.get(..start)?.chars().next_back().filter(|c| matches!(c, '"' | '\''))?;
    closing(line.get(start - 1..)?, quote)?.checked_sub(2)
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
            ("Exec=--requirepass hunterA", "Exec=--requirepass *******"),
            ("Exec=run \\\n  --password \\\n  hunter2\nX=y", "Exec=run \\\n  --password *\n  *******\nX=y"),
            ("Entrypoint=[\"/e\",\"--token\",\"hunterE\"]", "Entrypoint=[\"/e\",\"--token************"),
            ("Exec=run '--password=a b' -x", "Exec=run '--password=* ** **"),
            ("Environment=URL=http://a:b@c/", "Environment=URL=http://a:*@c/"),
        ] {
            assert_eq!(mask_unit(text), masked);
        }
    }

    #[test]
    fn the_word_behind_a_secret_option_is_masked() {
        for (text, masked) in [
            ("command: srv --password hunter2 -x", "command: srv --password ******* -x"),
            ("command: --password hunter2", "command: --password *******"),
            ("command: \"srv --password hunter2\" # x", "command: \"srv --password *******\" # x"),
            ("command: srv --password 'a b' -x", "command: srv --password ** ** -x"),
            ("command: \"srv --password \\\"a b\\\" -x\"", "command: \"srv --password *** *** -x\""),
            (
                "command: [\"srv\",\"--password\",\"hunter2\", \"-x\"]",
                "command: [\"srv\",\"--password\",*********, \"-x\"]",
            ),
            ("command: [srv, --password, hunter2, -x]", "command: [srv, --password, *******, -x]"),
            ("command: ['--password', hunter2]", "command: ['--password', *******]"),
            (
                "command: [\"srv\",\n  \"--password\",\n  \"a, b\", -x]",
                "command: [\"srv\",\n  \"--password\",\n  *** **, -x]",
            ),
            ("- --password\n- hunter2\n- -x", "- --password\n- *******\n- -x"),
            ("- \"--requirepass\" # a\n\n# b\n- \"a b\" # c\n- x", "- \"--requirepass\" # a\n\n# b\n- ** ** # c\n- x"),
            ("  - --skip-key-check\n  image: x", "  - --skip-key-check\n  image: x"),
            ("x: >\n  srv --password\n  hunter2\ny: z", "x: >\n  srv --password\n  *******\ny: z"),
            ("- \"--password=a,b #c\" # d", "- \"--password=*** **\" # d"),
            ("[\"--password=a,b\", '--token=x', c]", "[\"--password=***\", '--token=*', c]"),
            ("`run --password hunter2` says", "`run --password *******` says"),
            ("no `--password-file` here", "no `--password-file` here"),
            ("image: x.io/a--key b", "image: x.io/a--key b"),
        ] {
            assert_eq!(mask(text), masked);
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
