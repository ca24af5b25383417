//! A command in one line → its words, as Compose splits it: nearly as a shell does, but an operator of a shell ends the
//! command, and what stands behind it is dropped without a word.
//!
//! Source: the splitter that docker-compose uses, go-shellwords 1.0; held against docker-compose 2.40.3.

/// The words of a line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words {
    /// The words up to the end, or to an operator.
    pub words: Vec<String>,
    /// Where the operator stands that ends the command, in bytes.
    pub cut: Option<usize>,
}

/// Splits a line; nothing where Compose refuses it: a quote or a `$(` that is not closed, or a parenthesis.
pub fn split(line: &str) -> Option<Words> {
    let mut split = Words::default();
    let mut word = String::new();
    // Whether there is a word, even if it is empty.
    let mut is_word = false;
    let (mut escaped, mut double, mut single, mut back, mut dollar) = (false, false, false, false, false);
    for (at, c) in line.char_indices() {
        let outside = !(single || double || back || dollar);
        match c {
            _ if escaped => escaped = false,
            '\\' if !single => {
                escaped = true;
                continue;
            }
            ' ' | '\t' | '\r' | '\n' if outside => {
                if is_word {
                    split.words.push(std::mem::take(&mut word));
                    is_word = false;
                }
                continue;
            }
            '`' if !(single || double || dollar) => back = !back,
            '(' if !(single || double || back) => {
                if dollar || !word.ends_with('$') {
                    return None;
                }
                dollar = true;
            }
            ')' if !(single || double || back) => dollar = !dollar,
            '"' if !single && !dollar => {
                is_word |= double;
                double = !double;
                continue;
            }
            '\'' if !double && !dollar => {
                is_word |= single;
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if outside => {
                // `2>` is all of the operator.
                if c == '>' && word.starts_with(|c: char| c.is_ascii_digit()) {
                    is_word = false;
                }
                split.cut = Some(at);
                break;
            }
            _ => {}
        }
        is_word = true;
        word.push(c);
    }
    if is_word {
        split.words.push(word);
    }
    let closed = !(escaped || single || double || back || dollar);
    closed.then_some(split)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_operator_ends_the_command() {
        let words = |line: &str| split(line).map(|split| (split.words.join("|"), split.cut));
        for (line, expected, cut) in [
            ("echo a && echo b", "echo|a", Some(7)),
            ("sh -c 'a && b'", "sh|-c|a && b", None),
            ("echo 2>&1", "echo", Some(6)),
            ("a\\ b \"c\\d\" '' ", "a b|cd|", None),
            ("echo $(a b) `c d`", "echo|$(a b)|`c d`", None),
        ] {
            assert_eq!(words(line), Some((expected.to_owned(), cut)), "{line}");
        }
        for line in ["'", "a \"b", "echo (a)", "a\\"] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
