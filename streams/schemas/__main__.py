"""Write `<type>.schema.json` beside this file for every type of event."""

from pathlib import Path

from streams.schemas.files import contents


def main() -> None:
    """Write the files."""
    for name, text in contents().items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
