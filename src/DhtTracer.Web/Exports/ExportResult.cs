using DhtTracer.Analysis.Export;
using DhtTracer.Storage.Export;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace DhtTracer.Web.Exports;

/// <summary>
/// A file to keep, written while it is made. A client that goes away ends the work; a failure after the first byte breaks the connection,
/// so that nobody mistakes half a file for a whole one.
/// </summary>
/// <param name="exporter">Writes.</param>
/// <param name="format">As what; one that can hold many queries.</param>
/// <param name="selection">Which queries.</param>
/// <param name="name">The file's name without its extension.</param>
internal sealed class ExportResult(ArchiveExporter exporter, ExportFormat format, ExportSelection selection, string name) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = format.MediaType;
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment")
        {
            FileName = $"{name}.{format.Extension}",
        }.ToString();
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await exporter.ExportAsync(format, selection, response.BodyWriter, httpContext.RequestAborted);
        }
    }
}
