//! The blocks that text and Markdown share. A command decides what is a table, a fact or a warning;
//! the renderers decide its appearance.

/// A sequence of blocks, top to bottom.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub(crate) blocks: Vec<Block>,
}

/// One part of a document.
#[derive(Clone, Debug)]
pub enum Block {
    /// A title over the following blocks.
    Heading(String),
    /// A line of prose.
    Line(Cell),
    /// Keys and values, aligned.
    Facts(Vec<(String, Cell)>),
    /// Rows under named columns.
    Table(Table),
    /// Text with its own layout, such as another tool's output; it stays unchanged.
    Raw(String),
}

/// Text with a meaning that a terminal may show as color.
#[derive(Clone, Debug)]
pub struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

/// The meaning of a cell in addition to its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// No additional meaning.
    #[default]
    Plain,
    /// As expected.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Less important.
    Dim,
}

/// A table; rows may be shorter than the header.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column's title and alignment.
#[derive(Clone, Debug)]
pub struct Column {
    pub(crate) title: String,
    pub(crate) align: Align,
}

/// The alignment of a column's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a title.
    #[must_use]
    pub fn heading(self, title: impl Into<String>) -> Self {
        self.block(Block::Heading(title.into()))
    }

    /// Adds a line of prose.
    #[must_use]
    pub fn line(self, text: impl Into<Cell>) -> Self {
        self.block(Block::Line(text.into()))
    }

    /// Adds a key with its value; adjacent facts are aligned with each other.
    #[must_use]
    pub fn fact(mut self, key: impl Into<String>, value: impl Into<Cell>) -> Self {
        let fact = (key.into(), value.into());
        if let Some(Block::Facts(facts)) = self.blocks.last_mut() {
            facts.push(fact);
            return self;
        }
        self.block(Block::Facts(vec![fact]))
    }

    /// Adds a table, unless it has no rows.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        if table.rows.is_empty() { self } else { self.block(Block::Table(table)) }
    }

    /// Adds text with its own layout.
    #[must_use]
    pub fn raw(self, text: impl Into<String>) -> Self {
        self.block(Block::Raw(text.into()))
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

impl Cell {
    /// Text without a tone.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    /// The same text with a tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Column {
    /// A column for words.
    pub fn left(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Left }
    }

    /// A column for numbers.
    pub fn right(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Right }
    }
}
