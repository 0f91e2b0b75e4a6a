"""Connections to PostgreSQL, kept open and handed from request to request."""

import os
from contextlib import contextmanager
from queue import Empty, LifoQueue

import pg8000.dbapi

_idle: LifoQueue = LifoQueue(maxsize=8)


def connect():
    return pg8000.dbapi.connect(
        host=os.environ["DB_HOST"],
        port=int(os.environ.get("DB_PORT", "5432")),
        database=os.environ["DB_NAME"],
        user=os.environ["DB_USER"],
        password=os.environ["DB_PASSWORD"],
        timeout=5,
    )


@contextmanager
def transaction():
    """A cursor whose work is kept as a whole, or not at all."""
    try:
        connection = _idle.get_nowait()
    except Empty:
        connection = connect()
    try:
        yield connection.cursor()
        connection.commit()
    except pg8000.dbapi.DatabaseError:
        connection.rollback()
        give_back(connection)
        raise
    except BaseException:
        # Nobody knows what state it is in.
        connection.close()
        raise
    give_back(connection)


def give_back(connection) -> None:
    if _idle.full():
        connection.close()
    else:
        _idle.put_nowait(connection)
