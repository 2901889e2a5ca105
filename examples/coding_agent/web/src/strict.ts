// Imported before everything else: the page's policy allows no code made from strings, and zod would try.
import { config } from "zod";

config({ jitless: true });
