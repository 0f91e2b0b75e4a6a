"""Applies the files of migrations/ that the database has not had yet, in their order."""

from pathlib import Path

from database import transaction

with transaction() as cursor:
    # Two of these at once wait for each other.
    cursor.execute("SELECT pg_advisory_xact_lock(5417)")
    cursor.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)")
    cursor.execute("SELECT name FROM migrations")
    done = {name for (name,) in cursor.fetchall()}
    for file in sorted(Path(__file__).with_name("migrations").glob("*.sql")):
        if file.name in done:
            continue
        cursor.execute(file.read_text())
        cursor.execute("INSERT INTO migrations (name) VALUES (%s)", (file.name,))
        print("applied", file.name)
print("the schema is up to date")
