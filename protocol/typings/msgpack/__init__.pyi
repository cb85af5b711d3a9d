class UnpackException(Exception): ...

def packb(o: object, *, use_bin_type: bool = ...) -> bytes: ...
def unpackb(
    packed: bytes,
    *,
    use_list: bool = ...,
    raw: bool = ...,
    max_array_len: int = ...,
    max_map_len: int = ...,
    max_ext_len: int = ...,
    strict_map_key: bool = ...,
) -> object: ...
