"""What stands for something that was not recorded."""

import msgspec


class Dropped(msgspec.Struct, frozen=True):
    """In place of an argument or attribute of an exception that has no durable form."""

    type_name: str
    """The class of what was dropped: `socket.socket`."""

    def __repr__(self) -> str:
        return f"<dropped {self.type_name}>"
