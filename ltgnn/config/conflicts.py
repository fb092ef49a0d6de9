"""x"""
def conflicts(config, root): return []
