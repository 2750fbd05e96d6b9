//! The two header fields as tables of states, character by character.

use crate::protocol::SyntaxError;
use crate::protocol::extension::Offer;

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Name,
    AfterName,
    Comma,
    Semicolon,
    Param,
    AfterParam,
    Equals,
    Value,
    OpeningQuote,
    Quoted,
    Backslash,
    ClosingQuote,
}

use State::*;

pub(crate) fn extensions(header: &str) -> Result<Vec<Offer>, SyntaxError> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut state = Start;
    for (index, character) in header.chars().enumerate() {
        let before = state;
        state = match (before, kind(character)) {
            (Start | Name | Comma, 't') => Name,
            (Name | AfterName, ' ') => AfterName,
            (Comma, ' ') => Comma,
            (Semicolon, ' ') => Semicolon,
            (Semicolon | Param, 't') => Param,
            (Param | Value | ClosingQuote | AfterParam, ' ') => AfterParam,
            (Param, '=') => Equals,
            (Equals | Value, 't') => Value,
            (Equals, '"') => OpeningQuote,
            (OpeningQuote | Quoted | Backslash, 't') => Quoted,
            (OpeningQuote | Quoted, '\\') => Backslash,
            (Quoted, '"') => ClosingQuote,
            (Name | AfterName | Param | AfterParam | Value | ClosingQuote, ',') => Comma,
            (Name | AfterName | Param | AfterParam | Value | ClosingQuote, ';') => Semicolon,
            _ => return Err(SyntaxError::UnexpectedCharacter(index)),
        };
        // What the character belongs to; the first one of it makes place for it.
        match state {
            Name => {
                if before != Name {
                    offers.push((String::new(), Vec::new()));
                }
                offers.last_mut().expect("it has begun").0.push(character);
            }
            Semicolon if character == ';' => {
                let (_, params) = offers.last_mut().expect("a name comes first");
                params.push((String::new(), None));
            }
            Param => param(&mut offers).0.push(character),
            Equals => param(&mut offers).1 = Some(String::new()),
            Value | Quoted => {
                let value = &mut param(&mut offers).1;
                value.as_mut().expect("it has begun").push(character);
            }
            _ => {}
        }
    }
    match state {
        Name | Param | Value | ClosingQuote => Ok(offers),
        _ => Err(SyntaxError::UnexpectedEnd),
    }
}

pub(crate) fn subprotocols(header: &str) -> Result<Vec<String>, SyntaxError> {
    let mut names: Vec<String> = Vec::new();
    let mut state = Start;
    for (index, character) in header.chars().enumerate() {
        let before = state;
        state = match (before, kind(character)) {
            (Start | Name | Comma, 't') => Name,
            (Name | AfterName, ' ') => AfterName,
            (Name | AfterName, ',') => Comma,
            (Comma, ' ') => Comma,
            _ => return Err(SyntaxError::UnexpectedCharacter(index)),
        };
        match state {
            Name => {
                if before != Name {
                    names.push(String::new());
                }
                names.last_mut().expect("it has begun").push(character);
            }
            Comma if character == ',' => check_unique(&names)?,
            _ => {}
        }
    }
    if state != Name {
        return Err(SyntaxError::UnexpectedEnd);
    }
    check_unique(&names)?;
    Ok(names)
}

/// The last name has not been before.
fn check_unique(names: &[String]) -> Result<(), SyntaxError> {
    match names.split_last() {
        Some((last, earlier)) if earlier.contains(last) => {
            Err(SyntaxError::DuplicatedSubprotocol(last.clone()))
        }
        _ => Ok(()),
    }
}

fn param(offers: &mut [Offer]) -> &mut (String, Option<String>) {
    let params = &mut offers.last_mut().expect("a name comes first").1;
    params.last_mut().expect("a semicolon comes first")
}

/// `t` for the characters of tokens, a space for a tab, each other character for itself.
fn kind(character: char) -> char {
    match character {
        ' ' | '\t' => ' ',
        '(' | ')' | '<' | '>' | '@' | ',' | ';' | ':' | '\\' | '"' => character,
        '/' | '[' | ']' | '?' | '=' | '{' | '}' => character,
        '!'..='~' => 't',
        _ => character,
    }
}
