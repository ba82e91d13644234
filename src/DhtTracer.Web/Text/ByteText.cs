using System.Globalization;

namespace DhtTracer.Web.Text;

/// <summary>Sizes as pages write them: <c>0 B</c> <c>512 B</c> <c>1.5 KiB</c> <c>23 MiB</c>.</summary>
public static class ByteText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A size of 0 or more.</summary>
    public static string Of(long bytes)
    {
        double value = bytes;
        var unit = 0;

        // Each bound is where the smaller unit would round up to a whole larger one.
        while (unit < Units.Length - 1 && value >= (unit == 0 ? 1024 : 1023.5))
        {
            value /= 1024;
            unit++;
        }

        return value.ToString(unit == 0 || value >= 9.95 ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}
