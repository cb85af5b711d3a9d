"""A stranger who dials a node with keys of their own, keeps rules and breaks them, and judges what comes back.

`calling` opens connections and shakes hands by hand, `linked` is a link whose other side is judged with each frame.
The checks stand in tables by what they are about; `running` runs them and `unseen` lists what no check can see.
"""
