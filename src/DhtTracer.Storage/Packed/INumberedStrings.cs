namespace DhtTracer.Storage.Packed;

/// <summary>Looks up strings of a table by number, each only once.</summary>
internal interface INumberedStrings
{
    /// <summary>The string with this number.</summary>
    /// <exception cref="InvalidDataException">There is no such number.</exception>
    string Get(long number);
}
