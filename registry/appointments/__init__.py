"""Coming into the register: who one says one is, an appointment, and the identity check at the desk."""
