using System.Xml.Linq;
using DhtTracer.Storage.Postgres;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace DhtTracer.Hosting;

/// <summary>Keeps the keys of the site's forms in the database, so that a form of one process works with another.</summary>
/// <param name="store">The archive.</param>
internal sealed class DatabaseKeys(PostgresTraceStore store) : IXmlRepository
{
    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.ReadKeys().Select(XElement.Parse)];

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) => store.AddKey(element.ToString(SaveOptions.DisableFormatting));
}
